"""Programs of Debian packages, installed when they are missing."""

import contextlib
import os
import pathlib
import shutil
import subprocess


class Unavailable(Exception):
    """What a measurement or a test needs is not to be had; what it was is for people to read."""


def debian_tool(command, package):
    """The path of a program of a Debian package, which is installed if it is missing."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    if shutil.which(command, path=path) is None:
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
        with policy_against_services(as_root):
            for step in (["apt-get", "update", "-qq"], install):
                done = subprocess.run([*as_root, *step], env=environment, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise Unavailable(f"Debian's {package} cannot be installed here: {done.stderr.strip()}")
    return shutil.which(command, path=path)


@contextlib.contextmanager
def policy_against_services(as_root):
    """No service of a package is started while the context lasts."""
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    subprocess.run([*as_root, "tee", policy], input=b"#!/bin/sh\nexit 101\n", check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*as_root, "chmod", "755", policy], check=True)
    try:
        yield
    finally:
        subprocess.run([*as_root, "rm", "-f", policy], check=True)
