"""Weights that only timm publishes: from a server that answers as the Hugging Face hub does, checked by hash."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

from CervixRiskLib.errors import MissingComponentError  # noqa: E402
from CervixRiskLib.networks import NETWORKS, build_network, ensure_torchvision_operators, network_spec  # noqa: E402
from CervixRiskLib.networks.architecture import construct  # noqa: E402
from CervixRiskLib.networks.pretrained import fetch_imagenet, imagenet_url  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]

HRNET = network_spec("hrnet_w32")
FILE = "/timm/hrnet_w32.ms_in1k/resolve/main/model.safetensors"


class _Hub:
    """What the server sends: the hub redirects to where the bytes are, and states their hash on the way."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.address = f"http://127.0.0.1:{server.server_address[1]}"
        self.content = b""
        self.length: int | None = None
        self.stated: str | None = None
        self.etag: str | None = None
        self.redirects = True
        self.asked: list[str] = []

    def publish(self, content: bytes) -> str:
        self.content = content
        sha256 = hashlib.sha256(content).hexdigest()
        self.stated = f'"{sha256}"'
        return sha256


@pytest.fixture
def hub(monkeypatch, tmp_path):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            hub.asked.append(self.path)
            if self.path not in (FILE, "/bytes"):
                self.send_error(404)
                return
            first = self.path == FILE
            self.send_response(302 if first and hub.redirects else 200)
            if first and hub.stated:
                self.send_header("X-Linked-Etag", hub.stated)
            if hub.etag:
                self.send_header("ETag", hub.etag)
            if first and hub.redirects:
                self.send_header("Location", "/bytes")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_header("Content-Length", str(len(hub.content) if hub.length is None else hub.length))
            self.end_headers()
            self.wfile.write(hub.content)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub = _Hub(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", hub.address + "/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "cache"))
    yield hub
    server.shutdown()
    server.server_close()
    thread.join()


def _kept(tmp_path):
    folder = tmp_path / "cache" / "checkpoints"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_every_network_has_an_address(monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    addresses = {name: imagenet_url(spec) for name, spec in NETWORKS.items()}
    assert all(address.startswith("https://") for address in addresses.values())
    assert addresses["hrnet_w32"] == f"https://huggingface.co{FILE}"
    assert addresses["vit_base_patch16_224"] == (
        "https://huggingface.co/timm/vit_base_patch16_224.augreg2_in21k_ft_in1k/resolve/main/model.safetensors"
    )
    assert addresses["fbnetc_100"].endswith("/v0.1-weights/fbnetc_100-c345b898.pth")
    assert addresses["regnety_016"].endswith("/regnet_y_1_6gf-0d7bc02a.pth")
    assert addresses["shufflenet_v2_x1_0"].endswith("/shufflenetv2_x1-5666bf0f80.pth")


def test_weights_of_the_hub_are_fetched_once_and_used(hub, tmp_path, crops):
    torch.manual_seed(4)
    published = construct(HRNET, n_classes=1000, in_channels=3)
    sha256 = hub.publish(safetensors_torch.save({name: t.half() for name, t in published.state_dict().items()}))
    network = build_network("hrnet_w32", weights="imagenet", input_size=64)
    assert (network.weights.kind, network.weights.sha256) == ("imagenet", sha256)
    assert f"hrnet_w32.ms_in1k-{sha256}.safetensors" in network.weights.note
    assert hub.asked == [FILE, "/bytes"]
    expected = published.final_layer[0].weight.half().float()
    assert torch.equal(network.module.final_layer[0].weight, expected)
    assert np.isfinite(network.probabilities(crops[:1])).all()
    assert fetch_imagenet(HRNET)[1] == sha256
    assert hub.asked == [FILE, "/bytes"]


def test_a_mirror_that_does_not_redirect(hub, tmp_path):
    hub.redirects = False
    sha256 = hub.publish(b"tensors")
    assert fetch_imagenet(HRNET)[1] == sha256
    assert _kept(tmp_path) == [f"hrnet_w32.ms_in1k-{sha256}.safetensors"]


def test_an_etag_that_is_a_hash_will_do(hub, tmp_path):
    sha256 = hub.publish(b"tensors")
    hub.stated, hub.etag, hub.redirects = None, f'W/"{sha256}"', False
    assert fetch_imagenet(HRNET)[1] == sha256


def test_the_hub_s_word_counts_and_not_that_of_where_it_sends_to(hub, tmp_path):
    hub.publish(b"what was published")
    hub.content = b"something else"
    hub.etag = f'"{hashlib.sha256(hub.content).hexdigest()}"'
    with pytest.raises(MissingComponentError, match="not the published file"):
        fetch_imagenet(HRNET)
    assert _kept(tmp_path) == []


def test_a_connection_that_breaks_off_keeps_nothing(hub, tmp_path):
    hub.publish(b"x" * 1000)
    hub.content, hub.length = hub.content[:400], 1000
    with pytest.raises(MissingComponentError, match=r"connection broke off|could not be fetched"):
        fetch_imagenet(HRNET)
    assert _kept(tmp_path) == []


@pytest.mark.parametrize("etag", [None, '"0123456789abcdef0123456789abcdef"'])
def test_what_states_no_hash_is_not_taken(hub, tmp_path, etag):
    hub.publish(b"<html>Please sign in to the hospital's network</html>")
    hub.stated, hub.etag = None, etag
    with pytest.raises(MissingComponentError, match=r"does not state the hash.*path as the weights"):
        fetch_imagenet(HRNET)
    assert _kept(tmp_path) == []


def test_a_cached_file_that_changed_is_refused(hub, tmp_path):
    hub.publish(b"tensors")
    path, _ = fetch_imagenet(HRNET)
    path.write_bytes(b"tensorz")
    with pytest.raises(MissingComponentError, match=r"hash differs.*delete it"):
        fetch_imagenet(HRNET)
    path.unlink()
    assert fetch_imagenet(HRNET)[0] == path


def test_what_is_not_there_is_told_with_its_address(hub):
    with pytest.raises(MissingComponentError, match="give its path") as caught:
        fetch_imagenet(network_spec("vit_base_patch16_224"))
    assert f"{hub.address}/timm/vit_base_patch16_224.augreg2_in21k_ft_in1k" in str(caught.value)


def test_a_timm_that_does_not_know_them(monkeypatch):
    ensure_torchvision_operators()
    import timm

    monkeypatch.setattr(timm, "get_pretrained_cfg", lambda name: None)
    with pytest.raises(MissingComponentError, match="update it"):
        imagenet_url(HRNET)
