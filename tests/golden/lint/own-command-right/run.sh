#!/bin/bash
sparklineage submit --namespace dev --strict --conf spark.sql.shuffle.partitions=64 job.py
