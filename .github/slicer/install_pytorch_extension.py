"""Run by Slicer: install the PyTorch extension for it, without a question. It is loaded from the next start on."""

import slicer

manager = slicer.app.extensionsManagerModel()
manager.interactive = False
installed = manager.installExtensionFromServer("PyTorch", False)
print(f"PyTorch extension installed: {installed}")
slicer.util.exit(0 if installed else 1)
