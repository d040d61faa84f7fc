"""The site of many claims: seconds and peak memory, beside writing the same bytes to the same files (the floor).

    python -m tests.benchmarks.site_of_many [RELEASES] [CLAIMS OF EACH] [--home FOLDER]

A home that is there is used again. Writing the site and writing the same bytes each have a process of their own.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def write(home: str, to: str) -> None:
    """Write the site; prints seconds, peak MiB, files, and the largest page of a release in kB."""
    from warehouse.home import Home
    from warehouse.reports.site.site import write_site

    begun = time.perf_counter()
    written = write_site(Home(Path(home)), to)
    seconds = time.perf_counter() - begun
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    largest = max(path.stat().st_size for path in (Path(to) / "releases").rglob("*.html")) / 1000
    print(seconds, peak, written.files, largest, time.process_time())


def copy(site: str, to: str) -> None:
    """Write the bytes of a site that is there, file for file; prints seconds."""
    content = [(path.relative_to(site), path.read_bytes()) for path in Path(site).rglob("*") if path.is_file()]
    begun = time.perf_counter()
    for name, text in content:
        path = Path(to) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    print(time.perf_counter() - begun)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", type=int, nargs="?", default=1000)
    parser.add_argument("claims", type=int, nargs="?", default=10)
    parser.add_argument("--home")
    parser.add_argument("--step", choices=["write", "copy"])
    parser.add_argument("--of", nargs=2)
    options = parser.parse_args()
    if options.step:
        (write if options.step == "write" else copy)(*options.of)
        return
    with tempfile.TemporaryDirectory() as place:
        home = Path(options.home or Path(place) / "home")
        if not home.exists():
            words = [str(home), str(options.releases), str(options.claims)]
            subprocess.run([sys.executable, "-m", "tests.reports.many_claims", *words], check=True)
        sites = [str(Path(place) / name) for name in ("site", "copy")]
        words = [sys.executable, "-m", "tests.benchmarks.site_of_many"]
        first = subprocess.check_output([*words, "--step", "write", "--of", str(home), sites[0]], text=True).split()
        again = subprocess.check_output([*words, "--step", "write", "--of", str(home), sites[0]], text=True).split()
        floor = float(subprocess.check_output([*words, "--step", "copy", "--of", *sites], text=True))
        for name, found in (("new", first), ("again, nothing changed", again)):
            print(
                f"{name}: {float(found[0]):.1f} s ({float(found[4]):.1f} s of processor), {float(found[1]):.0f} MiB at "
                f"most, {int(found[2]):,} files, largest page of a release {float(found[3]):.0f} kB; "
                f"{float(found[0]) / floor:.1f} times writing the bytes alone"
            )


if __name__ == "__main__":
    main()
