"""moto's server with the manners of AWS that this project leans on and moto lacks.

    python server.py -H 127.0.0.1 -p <port>

Needs the packages of requirements.txt. Each module imported here replaces methods of moto's classes; what it adds stands
at its head. Credentials are not checked and all state is in memory.
"""

import logging

import glue_manners  # noqa: F401
import kinesis_manners  # noqa: F401
import s3_manners  # noqa: F401
from moto.server import main

if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    main()
