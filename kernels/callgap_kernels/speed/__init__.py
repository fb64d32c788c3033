"""How fast the core is, beside other libraries in the same run: `python -m callgap_kernels.speed.run`."""
