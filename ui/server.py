"""FastAPI with Gradio in it: routes, pages, guard. ``create_app`` builds, ``serve`` runs."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import socket
import threading
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

from ui import quietly  # noqa: F401

# isort: split
import gradio as gr
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from divine import services as divine_services
from divine.config import Limits
from divine.records import DivineError
from ui import (
    cohort_routes,
    encoder_routes,
    job_routes,
    report_routes,
    reproduce_routes,
    routes,
    run_routes,
    session_routes,
    shell,
    table_routes,
    theme,
    train_routes,
)
from ui.cohorts import Cohorts
from ui.contract import Services
from ui.head import WithHead
from ui.login import Login
from ui.owners import Owners
from ui.pages import assess, cohort, encoders, reports, runs, session, train
from ui.reports import Reports
from ui.security import Access, AccessError, Guard
from ui.session_work import Openings
from ui.sessions import Sessions
from ui.workspace import Workspace

STATIC = Path(__file__).parent / "static"
_WARM_UP_AFTER_S = 1.5
"""The first page comes first: loading the models holds the interpreter."""

log = logging.getLogger(__name__)


def create_app(
    services: Services, access: Access | None = None, upload_bytes: int = Limits().bytes, data: Path | None = None
) -> FastAPI:
    """Build the studio. Nothing of the models is loaded yet.

    Args:
        services: what pages call; ``divine.services``, or a stand-in.
        access: where it will listen and who may enter; loopback without a login by default.
        upload_bytes: the largest recording that is taken.
        data: the cohort that pages show where none is named; the demonstration cohort by default.
    """
    access = access or Access()
    workspace = Workspace(upload_bytes)
    sessions = Sessions(services, workspace)
    owners = Owners(access.port)
    cohorts = Cohorts(data)
    desk = Reports()
    openings = Openings(workspace.folder)
    atexit.register(sessions.close)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        sessions.keep_tidy()
        warming = threading.Timer(_WARM_UP_AFTER_S, _warm_up, (services,))
        warming.daemon = True
        warming.start()
        yield
        warming.cancel()
        sessions.close()
        desk.close()
        openings.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.include_router(routes.build(owners, workspace, sessions))
    app.include_router(train_routes.build(owners, cohorts))
    app.include_router(reproduce_routes.build(owners, cohorts))
    app.include_router(job_routes.build(owners))
    app.include_router(run_routes.build(owners))
    app.include_router(table_routes.build(owners))
    app.include_router(encoder_routes.build(owners, cohorts))
    app.include_router(report_routes.build(owners, cohorts, desk))
    app.include_router(session_routes.build(owners, cohorts, openings))
    app.include_router(cohort_routes.build(owners, cohorts, sessions, access))
    app.mount("/studio/static", StaticFiles(directory=STATIC))

    @app.get("/")
    def front() -> Response:
        return RedirectResponse(shell.PAGES[0].path)

    lay_out = {
        "/cohort": cohort.build,
        "/session": session.build,
        "/assess": lambda: assess.build(workspace, sessions, owners),
        "/encoders": encoders.build,
        "/train": train.build,
        "/runs": runs.build,
        "/reports": reports.build,
    }
    pages = gr.Blocks(title="DIVINE", analytics_enabled=False)
    for page in shell.PAGES:
        with pages.route(page.title, page.path, show_in_navbar=False):  # our own header has the links
            lay_out[page.path]()

    with warnings.catch_warnings():
        # Gradio says of every site of several pages that it is not rendered on the server; nobody asked for that.
        warnings.filterwarnings("ignore", message="SSR mode is not supported")
        gr.mount_gradio_app(
            app,
            pages,
            path="/",
            server_name=access.host,
            server_port=access.port,
            theme=theme.THEME,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            mcp_server=False,
            pwa=False,
            enable_monitoring=False,
            show_error=False,
        )
    app.state.sessions = sessions
    app.state.cohorts = cohorts
    app.add_middleware(WithHead, head=shell.HEAD, pages=shell.PATHS)
    app.add_middleware(Guard, access=access, owners=owners, pages=shell.PATHS, upload_bytes=upload_bytes)
    return app


def _warm_up(services: Services) -> None:
    try:
        services.warm_up()
    except DivineError as error:  # the first assessment will say so on its page
        log.warning("%s", error)


def _require_free(host: str, port: int) -> None:
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise AccessError(f"{host}:{port}: cannot be listened on ({error.strerror}). Choose another with --port.") from error


def serve(host: str = "127.0.0.1", port: int = 7860, data: Path | None = None) -> None:
    """Serve the studio until it is interrupted; ``data`` is the cohort it opens with.

    Raises:
        AccessError: it would be open to other machines without a login, or the port is taken.
        LoginError: ``DIVINE_LOGIN`` cannot be used.
    """
    configured = os.environ.get("DIVINE_LOGIN")
    access = Access(host, port, Login.parse(configured) if configured else None)
    _require_free(host, port)
    app = create_app(divine_services, access, data=data)
    shown = f"[{host}]" if ":" in host else host
    print(f"DIVINE studio: http://{shown}:{port}  (Ctrl+C stops it)", flush=True)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False, date_header=False)
