"""A stand-in for Ray's dashboard agent: nobody asks it anything, at two seconds of CPU and 90 MB.

A raylet starts this by its path, with the arguments of Ray's own agent, waits until it has noted
its ports, and ends when it ends. Ray's own notes -1 for services that its installation lacks.
"""

import os
import sys
import time

TRIED_WITH = "2.60."
"""Versions of Ray whose raylet takes it."""

FOLDER = "--session-dir="
PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port")


def stand_in(arguments: list[str]) -> None:
    """Note that there are no ports, and stay for as long as the raylet does."""
    raylet = os.getppid()
    (folder,) = (a.removeprefix(FOLDER) for a in arguments if a.startswith(FOLDER))
    for port in PORTS:
        noted = os.path.join(folder, f"{port}_{os.environ['RAY_NODE_ID']}")
        with open(f"{noted}.part", "w", encoding="ascii") as file:
            file.write("-1")
        os.replace(f"{noted}.part", noted)  # the raylet looks all the time
    while os.getppid() == raylet:
        time.sleep(1)


if __name__ == "__main__":
    stand_in(sys.argv)
