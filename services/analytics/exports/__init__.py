"""Figures and facts taken out: workbooks for officials, CSV and Parquet for analysts, a page a week for a district."""
