"""`python -m fleet` is the command `fleet`."""

from fleet.app.cli import main

if __name__ == "__main__":
    main()
