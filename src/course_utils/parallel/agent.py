"""torchrun for one machine: it looks no name up, and writes down how its workers ended."""

import json
import socket
import sys
from pathlib import Path

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import parse_args, run

EXITS = "exits.json"  # {rank: exit code} of the workers that failed or were ended


def main(argv: list[str]) -> None:
    """Do as ``torchrun`` does with these arguments, ``--log-dir`` among them."""
    # Without a name service each question for this machine's full name waits for its time limit.
    socket.getfqdn = lambda name="": "localhost"
    args = parse_args(argv)
    try:
        run(args)
    except ChildFailedError as error:
        exits = {rank: failure.exitcode for rank, failure in error.failures.items()}
        Path(args.log_dir, EXITS).write_text(json.dumps(exits))
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
