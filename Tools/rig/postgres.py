"""A private PostgreSQL in a folder: unix socket only, fsync on, gone with the run."""
import glob
import os
import shutil
import subprocess


class Postgres:
    def __init__(self, folder):
        self.folder = folder
        self.data = f"{folder}/data"
        self.bin = self._bin()
        # PostgreSQL refuses to run as root, so root hands the folder to an ordinary user and steps down for each command.
        self.user = "postgres" if os.getuid() == 0 else None
        os.makedirs(folder, exist_ok=True)
        if self.user:
            shutil.chown(folder, self.user)
        self.url = f"postgresql:///parley?host={folder}&user=parley"

    @staticmethod
    def _bin():
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
        initdb = found[-1] if found else shutil.which("initdb")
        if not initdb:
            raise SystemExit("There is no PostgreSQL server here: install Debian's postgresql")
        return os.path.dirname(os.path.realpath(initdb))

    def _run(self, *command):
        if self.user:
            command = ("setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups", *command)
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}")

    def create(self):
        self._run(f"{self.bin}/initdb", "-D", self.data, "-U", "parley", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        with open(f"{self.data}/postgresql.conf", "a") as settings:
            settings.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nmax_connections = 200\n")
        self.start()
        self.sql("CREATE DATABASE parley", database="postgres")

    def start(self):
        self._pg_ctl("-l", f"{self.folder}/log", "start")

    def restart(self, mode):
        self._pg_ctl("-l", f"{self.folder}/log", "-m", mode, "restart")

    def stop(self):
        self._pg_ctl("-m", "immediate", "stop")

    def _pg_ctl(self, *arguments):
        self._run(f"{self.bin}/pg_ctl", "-D", self.data, "-w", "-t", "60", *arguments)

    def sql(self, statement, database="parley"):
        """Rows as lists of text; sees every workspace."""
        command = ["psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "parley", "-d", database]
        environment = {**os.environ, "PGOPTIONS": "-c parley.workspace=*"}
        done = subprocess.run([*command, "-c", statement], env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return [line.split("\t") for line in done.stdout.splitlines()]
