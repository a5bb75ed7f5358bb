"""/portfolio against two echoes and one chain read."""

import time

from bot.chain.reader import RpcReader
from bot.chain.rpc import Rpc
from bot.local.telegram.world import ANN
from tests.bench.figure import Promise, Result, ms
from tests.bench.stage import Stage

ROUNDS = 60

PORTFOLIO = Promise(
    "/portfolio",
    "at most 2 echoes and a chain read",
    "Message delivered to sendMessage received; against twice the echo's median plus the median of"
    " the same batched balance read from another process. One, one and one in turns,"
    f" {ROUNDS} rounds.",
)


async def measure(stage: Stage) -> list[Result]:
    deployment, escrow = stage.chain.deployment, stage.escrows[ANN]
    tokens = deployment.all_tokens()
    rpc = Rpc(stage.chain.rpc_url)
    reader = RpcReader(rpc, deployment.lens)
    ours, echoes, reads = [], [], []
    try:
        for number in range(ROUNDS):
            ours.append(await stage.bot.answer(ANN, "/portfolio"))
            echoes.append(await stage.echo.answer(ANN, f"hello {number}"))
            began = time.perf_counter()
            await reader.read_balances([escrow], tokens)
            reads.append(time.perf_counter() - began)
    finally:
        await rpc.close()
    bound = 2 * ms(echoes) + ms(reads)
    measured = (
        f"{ms(ours) / bound:.2f}x ({ms(ours):.2f} ms, bound 2 x {ms(echoes):.2f}"
        f" + {ms(reads):.2f} ms)"
    )
    return [PORTFOLIO.result(measured, ok=ms(ours) <= bound)]
