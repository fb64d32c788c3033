"""`python -m callgap` is the command `callgap`."""

from callgap.cli import main

if __name__ == "__main__":
    main()
