"""torchrun for one machine: it looks no name up, and writes down how its workers ended."""

import json
import socket
import sys
from pathlib import Path

from torch.distributed.elastic.multiprocessing.api import PContext
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import parse_args, run

from course_utils.parallel.distributed import end_with_parent

EXITS = "exits.json"  # {rank: exit code} of the workers that failed or were ended
PATIENCE = 5  # seconds in which a worker ends when asked to; torchrun gives it 30


def main(argv: list[str]) -> None:
    """Do as ``torchrun`` does with these arguments, ``--log-dir`` among them."""
    end_with_parent()  # the guard and who asked for it may have been killed at the same moment
    # Without a name service each question for this machine's full name waits for its time limit.
    socket.getfqdn = lambda name="": "localhost"
    close = PContext.close
    PContext.close = lambda self, sig=None, timeout=0: close(self, sig, PATIENCE)  # type: ignore
    args = parse_args(argv)
    try:
        run(args)
    except ChildFailedError as error:
        exits = {rank: failure.exitcode for rank, failure in error.failures.items()}
        Path(args.log_dir, EXITS).write_text(json.dumps(exits))
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
