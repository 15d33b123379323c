#!/bin/sh
python3 -m pip install --quiet pyspark==3.5.6 openlineage-spark==1.53.0
