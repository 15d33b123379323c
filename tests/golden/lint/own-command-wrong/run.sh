#!/bin/bash
sparklineage submit --namespace dev --strict \
  --conf spark.openlineage.captureQuery=true \
  job.py
