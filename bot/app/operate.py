"""The operator's commands: those that need settings."""

import argparse
from collections.abc import Callable

from bot.app.arguments import Running, Start
from bot.app.deploy import deploy
from bot.app.feeds import keep_feeds
from bot.app.rotate_seed import rotate_seed
from bot.app.rotate_server import rotate_server
from bot.app.run import prepare, run_local, run_real
from bot.settings import (
    Problems,
    Settings,
    deploy_problems,
    feeds_problems,
    load_settings,
    local_problems,
    no_problems,
    real_problems,
    rotate_server_problems,
)


def _configured(
    find_problems: Callable[[Settings], Problems],
    start: Callable[[Settings, argparse.Namespace], Running],
) -> Start:
    def with_settings(arguments: argparse.Namespace) -> Running:
        settings = load_settings(find_problems)
        prepare(settings)
        return start(settings, arguments)

    return with_settings


COMMANDS: dict[str, Start] = {
    "local": _configured(local_problems, lambda s, a: run_local(s, at_sei_pace=not a.instant)),
    "run": _configured(real_problems, lambda s, _: run_real(s)),
    "deploy": _configured(deploy_problems, lambda s, _: deploy(s)),
    "feeds": _configured(feeds_problems, lambda s, _: keep_feeds(s)),
    "rotate-server": _configured(rotate_server_problems, lambda s, _: rotate_server(s)),
    "rotate-seed": _configured(
        no_problems, lambda s, a: rotate_seed(s, leaked=a.leaked, out=a.out)
    ),
}
