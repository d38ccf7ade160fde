"""docker-compose.yml, read as `docker compose` would: what a fleet of it needs is there, and nothing of one host."""
import re
import unittest
from pathlib import Path

import yaml

from fleet import Fleet

FILE = Path(__file__).resolve().parents[2] / "docker-compose.yml"


class ComposeTest(unittest.TestCase):
    def setUp(self):
        self.services = yaml.safe_load(FILE.read_text())["services"]

    def test_the_fleet_is_whole_and_begins_in_order(self):
        self.assertEqual(set(self.services), {"postgres", "migrate", "serve", "work"})
        self.assertEqual(self.services["migrate"]["depends_on"]["postgres"]["condition"], "service_healthy")
        for name in ("serve", "work"):
            self.assertEqual(self.services[name]["depends_on"]["migrate"]["condition"], "service_completed_successfully")
            self.assertEqual(self.services[name]["command"], [name])
        for name in ("postgres", "serve"):
            self.assertIn("test", self.services[name]["healthcheck"])

    def test_any_number_of_workers_can_run(self):
        for member in ("ports", "container_name", "hostname"):
            self.assertNotIn(member, self.services["work"])

    def test_nothing_of_one_host_stands_in_it(self):
        for name, service in self.services.items():
            for volume in service.get("volumes", []):
                self.assertRegex(volume, r"^[a-z]+:/", f"{name} mounts a folder of the host")
            for port in service.get("ports", []):
                self.assertRegex(port, r"^\$\{\w+:-\d+\}:\d+$", f"{name} has a port nobody can change")

    def test_any_password_opens_the_database(self):
        own, ours = self.services["postgres"]["environment"], self.services["migrate"]["environment"]
        self.assertEqual(ours["PGPASSWORD"], own["POSTGRES_PASSWORD"])
        for service in ("migrate", "serve", "work"):
            self.assertEqual(self.services[service]["environment"], ours)
        fleet = Fleet()
        self.addCleanup(fleet.stop)
        url = ours["PARLEY_DATABASE_URL"].replace("parley@postgres/parley", f"bridge@/parley?host={fleet.folder}/pg")
        for password in ("parley", "p@ss/w%rd?#&"):
            with self.subTest(password=password):
                fleet.postgres.sql(f"ALTER ROLE bridge PASSWORD '{password}'")
                done = fleet.run("migrate", PARLEY_DATABASE_URL=url, PGPASSWORD=password)
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_setting_in_it_is_one_of_ours(self):
        names = set(re.findall(r'"(PARLEY_\w+)"', (FILE.parent / "Sources/ParleyServer/Composition/SettingName.swift").read_text()))
        for service in self.services.values():
            self.assertLessEqual({name for name in service["environment"] if name.startswith("PARLEY_")}, names)


if __name__ == "__main__":
    unittest.main()
