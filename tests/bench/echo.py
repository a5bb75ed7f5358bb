"""The anchor: a bare stock sequential python-telegram-bot echo. `python -m tests.bench.echo URL`.

Nothing is tuned: the library's own httpx transport, its own polling, one update at a time.
"""

import sys
from typing import Any

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

TOKEN = "42:echo"


async def repeat(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message
    await update.message.reply_text(update.message.text or "")


async def ready(_: Any) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def main() -> None:
    application = (
        Application.builder().token(TOKEN).base_url(f"{sys.argv[1]}/bot").post_init(ready).build()
    )
    application.add_handler(MessageHandler(filters.ALL, repeat))
    application.run_polling()


if __name__ == "__main__":
    main()
