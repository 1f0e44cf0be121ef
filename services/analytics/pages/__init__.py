"""View models of the analyst's pages: texts, addresses and SVG ready to be put into a template; no template here."""

from services.analytics.pages.asked import Asked, AskedWrong, asked
from services.analytics.pages.board import Board
from services.analytics.pages.documents import change_json, rank_json, rise_json, story_json

__all__ = ["Asked", "AskedWrong", "Board", "asked", "change_json", "rank_json", "rise_json", "story_json"]
