"""Where the parts of the running server find each other in the aiohttp application; live/app.py puts them there."""

import asyncio

from aiohttp import web

from live.checker import Checker
from live.demo import Demo
from live.gateway import Gateway
from live.hosts import Hosts
from live.intake import Intake
from live.kept import Kept
from live.limits import Limits
from live.mail import Mail
from live.member import Member
from live.neighbours import Neighbours
from live.settings import Settings
from live.shedding import Shedding
from live.studio import Studio
from live.tokens import AccessTokens
from live.watch import Watch
from media.store import Store
from persistence.audit import AccessLog
from persistence.cache import Cache
from persistence.committer import Committer
from persistence.database import Database
from persistence.directory import Directory
from persistence.tokens import Tokens

SETTINGS = web.AppKey("settings", Settings)
LIMITS = web.AppKey("limits", Limits)
ACCESS_TOKENS = web.AppKey("access_tokens", AccessTokens)

# From here on only between start-up and clean-up.
DATABASE = web.AppKey("database", Database)
CACHE = web.AppKey("cache", Cache)
ACCESSES = web.AppKey("accesses", AccessLog)
DIRECTORY = web.AppKey("directory", Directory)
TOKENS = web.AppKey("tokens", Tokens)
COMMITTER = web.AppKey("committer", Committer)
HOSTS = web.AppKey("hosts", Hosts)
GATEWAY = web.AppKey("gateway", Gateway)
INTAKE = web.AppKey("intake", Intake)
STORE: web.AppKey[Store] = web.AppKey("store")
STUDIO = web.AppKey("studio", Studio)
KEPT = web.AppKey("kept", Kept)
CHECKS = web.AppKey("checks", asyncio.Semaphore)  # of uploads; each holds a whole file in memory
CHECKER = web.AppKey("checker", Checker)
WATCH = web.AppKey("watch", Watch)
MAIL = web.AppKey("mail", Mail)  # only with SMTP_URL

SHEDDING = web.AppKey("shedding", Shedding)
NEIGHBOURS = web.AppKey("neighbours", Neighbours)
MEMBER = web.AppKey("member", Member)  # only where several processes serve one port
DEMO = web.AppKey("demo", Demo)  # only with `run.py demo`
