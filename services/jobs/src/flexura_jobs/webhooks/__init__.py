"""The process that sends webhooks: it shares the database of jobs and alone needs the internet."""
