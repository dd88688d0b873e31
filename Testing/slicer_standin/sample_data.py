"""The module ``SampleData``: registers data sets, and brings those that lie in ``file:`` addresses."""

from __future__ import annotations

import hashlib
import shutil
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class SampleDataSource:
    """One data set of one or more files; lists run in parallel."""

    sampleName: str  # noqa: N815
    uris: tuple[str, ...]
    fileNames: tuple[str, ...]  # noqa: N815
    nodeNames: tuple[str | None, ...]  # noqa: N815
    checksums: tuple[str | None, ...]
    thumbnailFileName: str | None = None  # noqa: N815
    loadFileTypes: tuple[str | None, ...] = ()  # noqa: N815
    customDownloader: Any = None  # noqa: N815
    loadFileProperties: Any = None  # noqa: N815


class SampleDataLogic:
    """Registration and download. The network is never asked."""

    @staticmethod
    def registerCustomSampleDataSource(  # noqa: N802
        category: str = "Custom",
        sampleName: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        customDownloader: Any = None,
        thumbnailFileName: str | None = None,
        loadFileTypes: Any = None,
        loadFiles: Any = None,
        loadFileProperties: Any = None,
        checksums: Any = None,
    ) -> None:
        import slicer

        addresses = _list(uris)
        source = SampleDataSource(
            sampleName or "",
            addresses,
            _list(fileNames),
            _list(nodeNames, len(addresses)),
            _list(checksums, len(addresses)),
            thumbnailFileName,
            _list(loadFileTypes, len(addresses)),
            customDownloader,
            loadFileProperties,
        )
        sources = slicer.modules.__dict__.setdefault("sampleDataSources", {}).setdefault(category, [])
        if source not in sources:
            sources.append(source)

    def sourceForSampleName(self, sampleName: str) -> SampleDataSource | None:  # noqa: N802
        import slicer

        for sources in getattr(slicer.modules, "sampleDataSources", {}).values():
            for source in sources:
                if source.sampleName == sampleName:
                    return source
        return None

    def downloadSample(self, sampleName: str) -> Any:  # noqa: N802
        return self.downloadFromSource(self.sourceForSampleName(sampleName))[0]

    def downloadSamples(self, sampleName: str) -> list[Any]:  # noqa: N802
        return self.downloadFromSource(self.sourceForSampleName(sampleName))

    def downloadFromSource(self, source: Any, maximumAttemptsCount: int = 3, forceDownload: bool = False) -> list[Any]:  # noqa: N802
        """Copy the files into the cache, compare their checksums, load them as volumes."""
        import slicer

        if source is None:
            raise ValueError("There is no such sample.")
        if source.customDownloader is not None:
            return source.customDownloader(source)
        loaded = []
        for address, file_name, node_name, checksum in zip(
            source.uris, source.fileNames, source.nodeNames, source.checksums, strict=True
        ):
            path = Path(slicer.app.cachePath) / file_name
            parts = urllib.parse.urlparse(address)
            if parts.scheme != "file":
                raise OSError("The stand-in brings only what lies on this computer.")
            shutil.copyfile(urllib.request.url2pathname(parts.path), path)
            if checksum is not None:
                algorithm, expected = checksum.split(":")
                if hashlib.new(algorithm.lower(), path.read_bytes()).hexdigest() != expected.lower():
                    raise ValueError(f"The checksum of {file_name} does not fit.")
            properties = {"name": node_name} if node_name else {}
            loaded.append(slicer.util.loadVolume(str(path), properties) if node_name else str(path))
        return loaded


def _list(value: Any, length: int | None = None) -> tuple[Any, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(value)
    if value is None and length is not None:
        return (None,) * length
    return () if value is None else (value,)


def make_module() -> ModuleType:
    """The module ``SampleData``."""
    module = ModuleType("SampleData", "Stand-in.")
    module.SampleDataLogic = SampleDataLogic  # type: ignore[attr-defined]
    module.SampleDataSource = SampleDataSource  # type: ignore[attr-defined]
    return module
