"""Packages that an answer needs and Slicer lacks: looked for quietly, offered once, when they are needed.

Contouring needs none of them. PyTorch comes through its own extension, never by our own pip call.
"""

import importlib
import subprocess
import traceback

import slicer
from slicer.i18n import tr as _

from CervixRiskLib.workflow.needed_packages import Lacking, is_installed, read_requirements, what_lacks

INSTALLATION_FAILURES = (subprocess.CalledProcessError, ImportError, OSError, RuntimeError, ValueError)


class Dependencies:
    """What is missing, and the one dialog that offers it.

    Parameters
    ----------
    requirements
        Path of ``requirements.txt``.
    installed
        Whether a :class:`~CervixRiskLib.workflow.needed_packages.NeededPackage` is there.

    Attributes
    ----------
    installed
        As given; :meth:`look_again` after setting another.
    declined
        The person said no; remembered until Slicer is closed, unless asked for with ``again``.
    problem, details
        Why the last installation failed, a sentence and what to fold away; empty when none did.
    """

    def __init__(self, requirements, installed=is_installed) -> None:
        self._base = read_requirements(requirements)
        self.installed = installed
        self._known = {}
        self.declined = False
        self.problem = ""
        self.details = ""

    def look_again(self) -> None:
        """Forget what was found: the person may have installed something elsewhere."""
        importlib.invalidate_caches()
        self._known.clear()

    def lacking(self, model) -> Lacking:
        """What an answer of ``model`` (a ``ModelEntry``) still needs."""
        key = None if model is None else (model.has_network, model.has_graph)
        if key not in self._known:
            self._known[key] = what_lacks(model, self._base, self.installed)
        return self._known[key]

    def sentence(self, model) -> str:
        """What is missing, for the panel; empty when nothing is."""
        lacking = self.lacking(model)
        if not lacking:
            return ""
        if lacking.torch and _pytorch_extension() is None:
            return _(
                "PyTorch is not installed, and this model needs it: install the extension PyTorch with Slicer's "
                "Extensions Manager, restart Slicer and ask again."
            )
        return _("To answer, CervixRisk needs packages that are not installed: {names}.").format(names=lacking.names)

    def obstacle(self, model) -> str:
        """The same, where asking will not offer to install them: declined, failed, or not for us to install."""
        lacking = self.lacking(model)
        if not lacking:
            return ""
        if self.problem:
            return self.problem
        if self.declined or (lacking.torch and _pytorch_extension() is None):
            return self.sentence(model)
        return ""

    def can_install(self, model) -> bool:
        """Whether something is missing that :meth:`ensure` can install."""
        lacking = self.lacking(model)
        return bool(lacking) and not (lacking.torch and _pytorch_extension() is None)

    def ensure(self, model, again: bool = False) -> bool:
        """Whether all is there, after offering to install what is not.

        The dialog comes once; with ``again`` also after it was declined.
        """
        self.look_again()
        if not self.lacking(model):
            return True
        if not self.can_install(model) or (self.declined and not again):
            return False
        lacking = self.lacking(model)
        self.declined = not slicer.util.confirmOkCancelDisplay(
            _explanation(lacking), windowTitle=_("Packages for the answer")
        )
        if self.declined:
            return False
        self.problem = self.details = ""
        try:
            _install(lacking)
        except INSTALLATION_FAILURES as error:
            self.problem = _(
                "The packages could not be installed: check the connection to the internet, and press Install…."
            )
            self.details = traceback.format_exc()
            if isinstance(error, subprocess.CalledProcessError) and error.output:
                self.details = f"{error.output}\n{self.details}"
        self.look_again()
        left = self.lacking(model)
        if left and not self.problem:
            self.problem = _("These packages are still not installed: {names}.").format(names=left.names)
        return not left


def _explanation(lacking: Lacking) -> str:
    parts = [_("To answer, CervixRisk needs packages that Slicer does not bring:"), lacking.names]
    if lacking.torch:
        parts.append(_("PyTorch is installed through its Slicer extension; it is a download of some gigabytes."))
    parts.append(
        _(
            "They are downloaded from the Python Package Index into this Slicer, which needs the internet and takes "
            "a minute or more; Slicer does not react meanwhile. No image leaves this computer. Contouring works "
            "without them."
        )
    )
    return "\n\n".join([*parts, _("Install them now?")])


def _install(lacking: Lacking) -> None:
    """PyTorch first: what comes after it would otherwise bring another one."""
    if lacking.torch:
        _pytorch_extension().PyTorchUtilsLogic().installTorch(askConfirmation=False)
    if lacking.packages:
        install_packages(list(lacking.packages))


def install_packages(requirements: list[str]) -> None:
    """Install by pip what the person has just agreed to; raises what Slicer's installer raises."""
    try:
        from slicer.packaging import pip_ensure
    except ImportError:  # Slicer before 5.12
        with slicer.util.WaitCursor():
            slicer.util.pip_install(requirements)
        return
    pip_ensure(requirements, requester="CervixRisk", prompt_install=False)


def _pytorch_extension():
    """The extension's module, ``None`` where it is not installed."""
    try:
        import PyTorchUtils
    except ImportError:
        return None
    return PyTorchUtils
