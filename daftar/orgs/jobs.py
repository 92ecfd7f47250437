"""Upkeep of the queue itself."""

from procrastinate import JobContext
from procrastinate.contrib.django import app

SILENT_SECONDS = 30


@app.periodic(cron="* * * * *")
@app.task(name="orgs.rescue_stalled", queueing_lock="orgs.rescue_stalled", pass_context=True)
async def rescue_stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - given to every periodic task
    """Gives the jobs of a worker that died back to the queue: the library marks them, nothing returns them."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
        await manager.retry_job(job)
