"""rollout.yaml → Config, or every problem in it at once. Pure: text and environment in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from rollout.config_endpoint import Defaults, read_defaults, read_endpoint
from rollout.model import Config, Connectra, Endpoint, Phase, Upstream
from rollout.sections import Section
from rollout.source import Problem, read
from rollout.units import duration, secret, size, texts, url, words, yes

VERSION = 1
LONGEST = 1 << 20
"""Characters of a file: more is a mistake."""


class ConfigError(Exception):
    """A file that is refused whole; `problems` are all that is wrong with it, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def parse(text: str, env: Mapping[str, str], *, name: str = "rollout.yaml") -> Config:
    """The configuration that `text` describes. Raises ConfigError."""
    if len(text) > LONGEST:
        raise ConfigError([Problem(1, 1, f"over {LONGEST} characters", "this is no rollout.yaml", name)])
    source = read(text, env, name)
    if source.problems:
        raise ConfigError(source.problems)
    problems: list[Problem] = []
    config = _config(Section(source, (), source.value, problems), sha256(text.encode()).hexdigest())
    if problems:
        raise ConfigError(problems)
    return config


def _config(root: Section, digest: str) -> Config:
    if root.given.get("version") != VERSION:
        root.problem("version", "the file's version is not known", f"this release reads `version: {VERSION}`")
    root.raw("version")
    legacy = _legacy(root)
    connectra = _connectra(root)
    flags_file = root.get("flags_file", words, None)
    trusted = root.get("trusted_proxies", texts, ())
    blind_after = root.get("blind_after", duration, 300.0)
    clear = root.get("keep_clear", texts, ())
    serve_health = root.get("serve_health", yes, False)
    age, room = _retention(root)
    defaults = read_defaults(root)
    phases = _phases(root, defaults)
    _checked(root, phases, connectra)
    root.close()
    return Config(
        version=VERSION,
        legacy=legacy,
        phases=phases,
        digest=digest,
        connectra=connectra,
        flags_file=flags_file,
        trusted_proxies=trusted,
        blind_after=blind_after,
        extra_legacy_load=defaults.extra_legacy_load,
        keep_clear=clear,
        retention_age=age,
        retention_bytes=room,
        serve_health=serve_health,
    )


def _legacy(root: Section) -> Upstream:
    section = root.section("legacy", needed='write legacy: {url: "${LEGACY_URL}", timeout: 30s}')
    if section is None:
        return Upstream("")
    found = Upstream(section.need("url", url, "http://HOST:PORT", ""), section.get("timeout", duration, 30.0))
    section.close()
    return found


def _connectra(root: Section) -> Connectra | None:
    section = root.section("connectra")
    if section is None:
        return None
    found = Connectra(
        url=section.need("url", url, '"${CONNECTRA_BASE_URL}"', ""),
        api_key=section.need("api_key", secret, '"${CONNECTRA_API_KEY}"', ""),
        timeout=section.get("timeout", duration, 30.0),
        cache=section.get("cache", duration, 0.0),
    )
    section.close()
    return found


def _retention(root: Section) -> tuple[float, int]:
    section = root.section("retention")
    if section is None:
        return 14 * 86_400.0, 1 << 30
    found = section.get("age", duration, 14 * 86_400.0), section.get("bytes", size, 1 << 30)
    section.close()
    return found


def _phases(root: Section, defaults: Defaults) -> tuple[Phase, ...]:
    phases = []
    for section in root.sections("phases"):
        name = section.need("name", words, "single-record", "")
        bake = section.get("bake", duration, 86_400.0)
        flag = section.get("flag", words, None)
        off = section.get("shadow_when_off", yes, False)
        below = section.section("endpoints", needed="name at least one endpoint")
        endpoints: list[Endpoint] = []
        for endpoint in below.given if below is not None else ():
            assert below is not None
            inner = below.section(endpoint)
            if inner is not None:
                endpoints.append(read_endpoint(inner, str(endpoint), name, bake, defaults))
        section.close()
        phases.append(Phase(name, flag, bake, off, tuple(endpoints)))
    return tuple(phases)


def _checked(root: Section, phases: tuple[Phase, ...], connectra: Connectra | None) -> None:
    """What no single key can tell."""
    names: dict[str, str] = {}
    operations: dict[tuple[str, str], str] = {}
    seen: set[str] = set()
    for number, phase in enumerate(phases):
        if phase.name in seen:
            text = f"two phases are named `{phase.name}`"
            root.problem_below(("phases", number, "name"), text, "name each differently")
        seen.add(phase.name)
        for endpoint in phase.endpoints:
            place = ("phases", number, "endpoints", endpoint.name)
            if endpoint.name in names:
                text = f"`{endpoint.name}` stands in phase `{names[endpoint.name]}` too"
                root.problem_below(place, text, "an endpoint's name is used once in a file")
            names[endpoint.name] = phase.name
            operation = (endpoint.method, endpoint.template)
            if operation in operations and endpoint.method:
                text = f"`{operations[operation]}` matches the same requests"
                root.problem_below((*place, "match"), text, "one operation belongs to one endpoint")
            operations[operation] = endpoint.name
            if endpoint.candidate == "connectra" and connectra is None:
                text = "`candidate: connectra` needs the section `connectra`"
                root.problem_below((*place, "candidate"), text, 'write connectra: {url: "${CONNECTRA_BASE_URL}", …}')


__all__ = ["ConfigError", "Problem", "parse"]
