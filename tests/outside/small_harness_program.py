"""What a batch of the small harness runs; standard library only, so that it starts at once."""

import json
import os
import sys
from pathlib import Path
from urllib.request import Request, urlopen


def main(words: list[str]) -> None:
    kind, *rest = words
    with Path("results.jsonl").open("a") as file:
        if kind == "known":
            for name, good in json.loads(rest[0]).items():
                file.write(json.dumps({"id": name, "score": float(good)}) + "\n")
            return
        url, *ids = rest
        done = {json.loads(line)["id"] for line in Path("results.jsonl").read_text().splitlines()}
        for name in ids:
            if name in done:
                continue
            headers = {"Authorization": f"Bearer {os.environ['SMALL_KEY']}"}
            Path("config.json").write_text(json.dumps(headers))  # as real harnesses do
            try:
                body = json.dumps({"item": name}).encode()
                with urlopen(Request(url, body, headers), timeout=30) as reply:
                    entry = {"id": name, "score": float(json.load(reply)["solved"])}
            except OSError as error:
                entry = {"id": name, "score": None, "error": f"{error} api_key={os.environ['SMALL_KEY']}"}
            file.write(json.dumps(entry) + "\n")
            file.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
