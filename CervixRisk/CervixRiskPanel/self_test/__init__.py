"""The module's self-test: scenarios that Slicer runs ("Reload and Test", ctest) and the project's tests run too."""
