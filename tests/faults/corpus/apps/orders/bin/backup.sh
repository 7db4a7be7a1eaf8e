#!/bin/sh
# Called by cron, as the server's notes say.
exec sqlite3 /srv/orders/orders.db .dump
