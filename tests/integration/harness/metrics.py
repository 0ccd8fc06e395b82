"""What the server counts, as Prometheus reads it."""

import urllib.request


def samples(authority):
    """Every sample of the private listener: "name{labels}" -> value."""
    url = f"http://127.0.0.1:{authority.port('private')}/metrics"
    with urllib.request.urlopen(url, timeout=10) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = response.read().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in lines if not line.startswith("#")}


def certificate_jobs(authority):
    """How many certificates the signer was ever asked to sign by this server, however that ended."""
    return sum(value for name, value in samples(authority).items()
               if name.startswith("mayfly_signer_results_total{")
               and 'purpose="certificate"' in name)
