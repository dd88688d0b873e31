"""Run by Slicer: install PyTorch for the CPU as a person would, through the extension."""

import slicer

try:
    import PyTorchUtils

    torch = PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=False, forceComputationBackend="cpu")
    print(f"PyTorch {torch.__version__}")
    status = 0
except Exception as error:
    # Whatever it is, Slicer must end, and say so.
    print(f"PyTorch was not installed: {error}")
    status = 1
slicer.util.exit(status)
