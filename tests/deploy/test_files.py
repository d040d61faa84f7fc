"""Deploy files, checked by the programs that own them. Prefect's own are deployed in tests/flows/test_deployed.py."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"


def job() -> dict[str, Any]:
    """The Job that a worker would create, with every variable at its default."""
    from prefect.utilities.templating import apply_values

    template = json.loads((KUBERNETES / "work-pool.json").read_text())
    given = {"name": "verify", "command": ["prefect", "flow-run", "execute"], "env": [{"name": "A", "value": "b"}]}
    defaults = {name: one.get("default") for name, one in template["variables"]["properties"].items()}
    filled = apply_values(template["job_configuration"], defaults | given | {"labels": {}, "annotations": {}})
    found: dict[str, Any] = _without_nothing(filled["job_manifest"])
    return found


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nothing(entry) for key, entry in value.items() if entry is not None}
    return [_without_nothing(entry) for entry in value] if isinstance(value, list) else value


def manifests() -> list[dict[str, Any]]:
    found = [one for path in sorted(KUBERNETES.glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]
    return [job(), *(one for one in found if "apiVersion" in one)]


def test_kubernetes_accepts_the_manifests_and_the_job() -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    found = manifests()
    assert {"Job", "Deployment", "Service"} <= {one["kind"] for one in found}
    for manifest in found:
        validator.validate(manifest, "1.32", strict=True)


def test_the_job_takes_a_gpu_and_shares_no_volume() -> None:
    """A claim that one node mounts would keep the pods of all others waiting."""
    [container] = job()["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    volumes = {one["name"]: one for one in job()["spec"]["template"]["spec"]["volumes"]}
    mounts = {one["mountPath"]: volumes[one["name"]] for one in container["volumeMounts"]}
    assert not any("persistentVolumeClaim" in one for one in volumes.values())
    assert mounts["/data"]["ephemeral"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
    template = json.loads((KUBERNETES / "work-pool.json").read_text())
    assert template["variables"]["properties"]["env"]["default"]["CLAIMCHECK_HOME"].startswith("/data/")


@pytest.mark.parametrize("script", sorted(DEPLOY.glob("slurm/*")), ids=lambda path: path.name)
def test_slurm_scripts_are_sound(script: Path, tmp_path: Path) -> None:
    """Bash reads them, and with claimcheck in the place of a recorder each verifies the release that is its own."""
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert re.search(r"^#SBATCH --gpus", script.read_text(), re.MULTILINE)
    recorder = tmp_path / "claimcheck"
    recorder.write_text('#!/bin/bash\necho "$CLAIMCHECK_HOME" "$@"\n')
    recorder.chmod(0o755)
    (tmp_path / "releases.txt").write_text("acme/one\n# a comment\nacme/two --benchmark gsm8k\n\nacme/three\n")
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin", "CLAIMCHECK_RUNS": "/shared", "SLURM_JOB_ID": "7", "TMPDIR": str(tmp_path),
        "SLURM_ARRAY_TASK_ID": "2",
    }  # fmt: skip
    given = "releases.txt" if "array" in script.name else "acme/two --benchmark gsm8k"
    command = ["bash", str(script), *(given.split())]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert any("verify acme/two --benchmark gsm8k" in line and line.startswith(str(tmp_path)) for line in said), said
    del environment["CLAIMCHECK_RUNS"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "CLAIMCHECK_RUNS" in done.stderr


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("systemd/*.service")), ids=lambda path: path.stem)
def test_systemd_accepts(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    here = Path(sys.executable).parent
    programs = re.findall(r"/opt/claimcheck/\.venv/bin/(\w+)", unit.read_text())
    assert set(programs) <= {"claimcheck", "prefect"}
    for name in programs:
        assert (here / name).exists()
    local = tmp_path / unit.name
    local.write_text(unit.read_text().replace("/opt/claimcheck/.venv/bin", str(here)))
    done = subprocess.run(["systemd-analyze", "verify", local], capture_output=True, text=True, check=False)
    assert (done.returncode, unit.name in done.stderr) == (0, False), done.stderr


def test_pods_have_no_rights_and_bounded_memory() -> None:
    """Not root, no capabilities, a read-only root, a limit of memory; a token of the cluster only where it is used."""
    pods = [one["spec"]["template"]["spec"] for one in manifests() if one["kind"] in ("Job", "Deployment")]
    assert len(pods) == 3
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"]
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert pod["automountServiceAccountToken"] == (pod.get("serviceAccountName") == "claimcheck-worker")
        for container in pod["containers"]:
            allowed = container["securityContext"]
            assert allowed["readOnlyRootFilesystem"] and not allowed["allowPrivilegeEscalation"]
            assert allowed["capabilities"]["drop"] == ["ALL"] and container["resources"]["limits"]["memory"]
            assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}
    policies = [one for one in manifests() if one["kind"] == "NetworkPolicy"]
    assert {"Ingress", "Egress"} <= {kind for policy in policies for kind in policy["spec"]["policyTypes"]}
    [rule] = [to for policy in policies for to in policy["spec"].get("egress", [])]
    assert "169.254.0.0/16" in rule["to"][0]["ipBlock"]["except"]


def test_containers_have_no_rights_and_secrets_only_where_they_are_used() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for name, service in services.items():
        assert service["mem_limit"] and "no-new-privileges:true" in service["security_opt"], name
        secrets = {variable for variable in service.get("environment", {}) if re.search("TOKEN|KEY|WEBHOOK", variable)}
        assert not secrets or name in ("worker", "vllm"), (name, secrets)
        assert name in ("postgres", "vllm") or (service["read_only"] and service["cap_drop"] == ["ALL"]), name
    assert re.search(r"^USER [1-9]", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)


def test_images_of_others_are_pinned_by_digest() -> None:
    """All but vLLM's, for which no public file names one: it has the tag of one version."""
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    images = re.findall(r"^(?:ARG BASE=|FROM )([^$\s]+)", dockerfile, re.MULTILINE)
    images += [service["image"] for service in services.values() if service["image"] != "claimcheck"]
    assert len(images) >= 4
    for image in images:
        version = (
            r":\$\{VLLM_VERSION:-v[0-9.]+\}" if image.startswith("vllm/") else r":[0-9.]+[-\w]*@sha256:[0-9a-f]{64}"
        )
        assert re.fullmatch(rf"[\w./-]+{version}", image), image


def test_compose_accepts() -> None:
    command = ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    ):
        pytest.skip("docker compose is not installed")
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "POSTGRES_PASSWORD": "a", "VLLM_KEY": "b"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_compose_holds_together() -> None:
    file = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = file["services"]
    assert {"server", "postgres", "worker", "vllm"} <= set(services)
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        named = [volume.partition(":")[0] for volume in service.get("volumes", [])]
        assert set(named) <= set(file["volumes"])
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
    assert services["vllm"]["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    script = services["setup"]["command"][-1]
    pools = {one["work_pool"]["name"] for one in yaml.safe_load((DEPLOY / "prefect.yaml").read_text())["deployments"]}
    for pool in pools:
        assert f"work-pool create {pool} " in script


def test_the_image_installs_by_hash_what_the_constraints_pin() -> None:
    """Every package of the image has its hashes, no address of a registry, and the version that is tested."""
    locked = (DEPLOY / "image-lock.txt").read_text(encoding="utf-8")
    entries = re.findall(r"^(\S+)==([^ ;]+)[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)", locked, re.M)
    pinned = {name: version for name, version, _ in entries}
    assert "://" not in locked and len(entries) == len(re.findall(r"^[a-z]", locked, re.M)) > 100
    tested = dict(re.findall(r"^(\S+)==([^ ;\n]+)", (DEPLOY / "constraints.txt").read_text(encoding="utf-8"), re.M))
    assert {name: pinned[name] for name in pinned.keys() & tested.keys() if pinned[name] != tested[name]} == {}
    assert "--require-hashes -r deploy/image-lock.txt" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
