"""Dateline from Airflow 3: feeds every 15 minutes, compaction at night. Put this file into the `dags` folder.

Exit code 4, another run holds the dataset, makes the task `skipped`; any other but 0 makes it fail.
"""

import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

DATELINE = "/opt/dateline"
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

with DAG(
    "dateline_feeds",
    schedule="*/15 * * * *",
    start_date=BEGIN,
    catchup=False,  # a feed gives what it has now, not what it had then
    max_active_runs=1,  # the only lock there is for a dataset in an object store
    default_args={"retries": 1, "retry_delay": datetime.timedelta(minutes=1)},
):
    BashOperator(
        task_id="run",
        cwd=DATELINE,
        bash_command=".venv/bin/dateline run configs/feeds.yaml --metrics out/metrics.json --log-format json",
        skip_on_exit_code=4,
        execution_timeout=datetime.timedelta(minutes=65),  # after max_minutes, in case the watchdog fails
    )

with DAG("dateline_compact", schedule="40 3 * * *", start_date=BEGIN, catchup=False, max_active_runs=1):
    BashOperator(
        task_id="compact",
        cwd=DATELINE,
        bash_command=".venv/bin/dateline compact out/feeds",
        skip_on_exit_code=4,
        retries=3,
        retry_delay=datetime.timedelta(minutes=5),
    )
