"""What stands behind every edge: the real thing, or a stand-in of local mode."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.app.keys import Keys
from bot.chain.deployment import Deployment
from bot.chain.networks import LOCAL_CHAIN_ID, NETWORKS
from bot.chat.services import Faucet
from bot.domain.errors import SettingsError
from bot.settings import COINGECKO_API, TELEGRAM_API, NetworkName, Settings


@dataclass(frozen=True, slots=True)
class Edge:
    """One line of the start-up report."""

    name: str
    real: bool
    detail: str

    @property
    def source(self) -> str:
        """How cards name where market data come from."""
        return "CoinGecko" if self.real else "invented, stand-in"


@dataclass(frozen=True, slots=True)
class Edges:
    """Everything the service needs to reach the outside.

    `public_rpc` is a node that people may be told of: `rpc_url` may hold a key.
    """

    telegram_token: str = field(repr=False)
    telegram_url: str
    market_url: str
    rpc_url: str
    public_rpc: str
    deployment: Deployment
    keys: Keys
    report: tuple[Edge, ...]
    admin_ids: frozenset[int]
    faucet: Faucet | None = None


def telegram_edge(settings: Settings) -> Edge:
    """The real Telegram, or a server of the same API that was named."""
    return Edge("Telegram", real=True, detail=settings.tg_api_url or TELEGRAM_API)


def market_edge(settings: Settings) -> Edge:
    """The real CoinGecko, or a server of the same API that was named."""
    keyed = "with a key" if settings.coingecko_api_key else "without a key"
    return Edge("Market data", real=True, detail=f"{market_url(settings)} {keyed}")


def market_url(settings: Settings) -> str:
    """Where market data come from when it is not the stand-in."""
    return settings.coingecko_api_url or COINGECKO_API


def analyst_edge(settings: Settings) -> Edge:
    """Gemini with a key; the rules without one."""
    if settings.google_api_key is None:
        return Edge("Analyst", real=False, detail="rule-based analyst (no GOOGLE_API_KEY)")
    return Edge(
        "Analyst", real=True, detail=f"{settings.gemini_model}, {settings.gemini_fast_model}"
    )


def chain_url(settings: Settings) -> str:
    """The RPC: the one named, or the network's public one."""
    if settings.sei_rpc_url:
        return settings.sei_rpc_url
    return NETWORKS[settings.sei_network.value].rpc_url


def public_rpc(settings: Settings) -> str:
    """The network's public node; a local chain has only the one that was named."""
    if settings.sei_network is NetworkName.LOCAL:
        return settings.sei_rpc_url or ""
    return NETWORKS[settings.sei_network.value].rpc_url


def chain_edge(settings: Settings) -> Edge:
    """The chain behind an RPC; its host only, as a path may hold a key."""
    host = urlsplit(chain_url(settings)).hostname
    return Edge("Chain", real=True, detail=f"{settings.sei_network} at {host}")


def chain_id(settings: Settings) -> int:
    """The chain id that SEI_NETWORK means."""
    if settings.sei_network is NetworkName.LOCAL:
        return LOCAL_CHAIN_ID
    return NETWORKS[settings.sei_network.value].chain_id


def real_edges(settings: Settings, keys: Keys) -> Edges:
    """Edges of `sei-trader run`.

    Raises:
        SettingsError: nothing is deployed, or for another server key.
    """
    if settings.tg_bot_token is None:
        raise SettingsError("TG_BOT_TOKEN is missing")
    deployment = Deployment.load(deployment_path(settings))
    return Edges(
        telegram_token=settings.tg_bot_token.get_secret_value(),
        telegram_url=settings.tg_api_url or TELEGRAM_API,
        market_url=market_url(settings),
        rpc_url=chain_url(settings),
        public_rpc=public_rpc(settings),
        deployment=deployment,
        keys=keys,
        report=(
            telegram_edge(settings),
            analyst_edge(settings),
            market_edge(settings),
            chain_edge(settings),
        ),
        admin_ids=settings.admin_ids,
    )


def deployment_path(settings: Settings) -> Path:
    """Where `sei-trader deploy` records the addresses of a network."""
    return settings.data_dir / "deployments" / f"{settings.sei_network}.json"
