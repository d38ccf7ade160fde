"""A Postfix of our own on loopback, with its own configuration and queue: a real mail server before or behind the bridge."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from bridge import eventually, free_port


class Postfix:
    """Takes mail on `port` and relays it to `next_hop`, a port of 127.0.0.1, but what is for a domain of `routes` to that one's port."""

    def __init__(self, next_hop, routes=None):
        if os.geteuid() != 0:
            raise unittest.SkipTest("only root can start Postfix")
        self.folder = Path(tempfile.mkdtemp(prefix="parley-postfix-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        for name in ("config", "queue", "data"):
            (self.folder / name).mkdir(mode=0o755)
        shutil.chown(self.folder / "data", "postfix")
        settings = {
            "compatibility_level": "3.6", "queue_directory": self.folder / "queue", "data_directory": self.folder / "data",
            "maillog_file": "/dev/stdout", "maillog_file_prefixes": "/dev/stdout", "myhostname": "relay.test", "mydestination": "",
            "mynetworks": "127.0.0.0/8", "inet_interfaces": "loopback-only", "inet_protocols": "ipv4",
            "relayhost": f"[127.0.0.1]:{next_hop}", "smtp_tls_security_level": "may", "alias_maps": "", "alias_database": "",
            "local_recipient_maps": "", "minimal_backoff_time": "1s", "maximal_backoff_time": "1s", "queue_run_delay": "1s",
            "smtpd_peername_lookup": "no", "smtp_host_lookup": "native", "bounce_queue_lifetime": "1m",
        }
        if routes:
            settings["transport_maps"] = f"texthash:{self.folder}/config/transport"
            (self.folder / "config/transport").write_text("".join(f"{domain} smtp:[127.0.0.1]:{port}\n" for domain, port in routes.items()))
        (self.folder / "config/main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        services = [f"127.0.0.1:{self.port} inet n - n - - smtpd"]
        services += [f"{name} unix {line}" for name, line in {
            "cleanup": "n - n - 0 cleanup", "qmgr": "n - n 300 1 qmgr", "rewrite": "- - n - - trivial-rewrite", "bounce": "- - n - 0 bounce",
            "defer": "- - n - 0 bounce", "trace": "- - n - 0 bounce", "verify": "- - n - 1 verify", "flush": "n - n 1000? 0 flush",
            "smtp": "- - n - - smtp", "relay": "- - n - - smtp", "error": "- - n - - error", "retry": "- - n - - error",
            "discard": "- - n - - discard", "tlsmgr": "- - n 1000? 1 tlsmgr", "anvil": "- - n - 1 anvil", "scache": "- - n - 1 scache",
            "proxymap": "- - n - - proxymap", "proxywrite": "- - n - 1 proxymap", "pickup": "n - n 60 1 pickup", "showq": "n - n - - showq",
            "postlog": "n - n - 1 postlogd"}.items()]
        services = [line.replace("postlog unix ", "postlog unix-dgram ") for line in services]
        (self.folder / "config/master.cf").write_text("\n".join(services) + "\n")
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            ["/usr/sbin/postfix", "-c", self.folder / "config", "start-fg"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

        def is_ready():
            if self.process.poll() is not None:
                raise AssertionError(self.text())
            import socket
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                return False

        eventually(is_ready, self.text)

    def text(self):
        return (self.folder / "log").read_text()[-4000:]

    def stop(self):
        subprocess.run(["/usr/sbin/postfix", "-c", self.folder / "config", "stop"], capture_output=True, timeout=30)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
