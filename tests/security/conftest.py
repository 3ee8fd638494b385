"""What the tests of security share: the steps of the behaviour tests, and certificates of every kind."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from verbs.conftest import drive, no_proxies, stream_of

__all__ = ["authority", "drive", "no_proxies", "stream_of"]

AUTHORITY = """
[ca]
default_ca = it
[it]
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = names
certificate = {folder}/authority.pem
private_key = {folder}/authority.key
copy_extensions = copy
unique_subject = no
[names]
commonName = supplied
"""
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as files in PEM form."""

    file: Path
    key: Path

    def server(self, **settings) -> ssl.SSLContext:
        """TLS for a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        for name, value in settings.items():
            setattr(context, name, value)
        return context


class Authority:
    """Makes certificates that it vouches for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "authority.pem"
        (folder / "index.txt").touch()
        (folder / "serial").write_text("1000\n")
        (folder / "authority.cnf").write_text(AUTHORITY.format(folder=folder))
        new = ["req", "-x509", *NEW_KEY, "-days", "2", "-subj", "/CN=Tests"]
        self.run(*new, "-keyout", folder / "authority.key", "-out", self.file)

    def run(self, *arguments) -> None:
        try:
            subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=self.folder)
        except FileNotFoundError:
            pytest.skip("no openssl program to make a certificate with")

    def make(self, name: str, *, names="IP:127.0.0.1,DNS:localhost,DNS:api.example", start=None, end=None):
        """A certificate that is valid now, or from `start` to `end`, in the form `20200101000000Z`."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        if not made.file.exists():
            request = self.folder / f"{name}.csr"
            extensions = ["-addext", f"subjectAltName={names}", "-addext", "basicConstraints=critical,CA:FALSE"]
            new = ["req", "-new", *NEW_KEY, "-subj", f"/CN={name}", *extensions]
            self.run(*new, "-keyout", made.key, "-out", request)
            dates = ["-startdate", start or "20200101000000Z", "-enddate", end or "20990101000000Z"]
            sign = ["ca", "-config", "authority.cnf", "-batch", "-notext", "-rand_serial", *dates]
            self.run(*sign, "-in", request, "-out", made.file)
        return made

    def self_signed(self, name: str, *, is_authority: bool) -> Certificate:
        """A certificate that vouches for itself alone."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        extensions = ["-addext", "subjectAltName=IP:127.0.0.1"]
        if not is_authority:
            extensions += ["-addext", "basicConstraints=critical,CA:FALSE"]
        new = ["req", "-x509", *NEW_KEY, "-days", "2", "-subj", f"/CN={name}", *extensions]
        self.run(*new, "-keyout", made.key, "-out", made.file)
        return made


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    """A certificate authority of the tests."""
    return Authority(tmp_path_factory.mktemp("authority"))
