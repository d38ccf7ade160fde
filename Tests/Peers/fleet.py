"""A fleet as README says to run one: PostgreSQL with an ordinary role, `parley migrate`, `serve` and `work` as processes of their own."""
import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bridge import PARLEY, Bridge, free_port

sys.path.insert(0, str(Path(__file__).parents[2] / "Tools"))
from rig.postgres import Postgres


class Fleet(Bridge):
    """Nothing of it runs but PostgreSQL until it is told. Its role asks for a password and may do no more than README says it needs."""

    def __init__(self, **environment):
        # A socket's path has 107 characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="parley-fleet-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.processes = []
        self.password = "database" + secrets.token_hex(12)
        self.postgres = Postgres(str(self.folder / "pg"))
        self.postgres.create()
        self.postgres.sql(f"CREATE ROLE bridge LOGIN CREATEROLE PASSWORD '{self.password}'")
        self.postgres.sql("ALTER DATABASE parley OWNER TO bridge")
        (self.folder / "pg/data/pg_hba.conf").write_text("local all parley trust\nlocal all all scram-sha-256\n")
        self.postgres.restart("fast")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")} | {
            "PARLEY_DATABASE_URL": f"postgresql://bridge:{self.password}@/parley?host={self.folder}/pg",
            "PARLEY_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "PARLEY_PUBLIC_URL": self.url, "PARLEY_SMTP_LISTEN": "127.0.0.1:0", "PARLEY_EGRESS_ALLOW": "127.0.0.0/8",
        } | environment

    def run(self, *arguments, text="", **environment):
        """A command as somebody types it on one of the fleet's hosts, however it ends."""
        return subprocess.run([PARLEY, *arguments], input=text, env=self.environment | environment, capture_output=True, text=True, timeout=120)

    def make_key(self, workspace):
        self.key = json.loads(self.command("keys", "create", "--workspace", workspace, "--name", "peers", "--json"))["key"]

    def work(self):
        """One more worker: the process and where it answers for its health."""
        port = free_port()
        return self._ready(self._start("work", "--listen", f"127.0.0.1:{port}"), port), f"http://127.0.0.1:{port}"

    def kill(self, process):
        process.kill()
        process.wait()
        self.processes.remove(process)

    def stop(self):
        try:
            self._end()
        finally:
            self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
