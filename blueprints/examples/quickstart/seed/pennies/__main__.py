import sys

from pennies.cli import main

sys.exit(main())
