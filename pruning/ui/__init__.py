"""The browser app. Nothing here imports torch: what is heavy is done by the worker behind `jobs.JobQueue`."""
