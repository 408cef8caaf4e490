import pytest

from bot.commands.script import Script, ScriptedEndpoint
from bot.llm import Settings
from tests.bot.world import NewWorld, World


@pytest.fixture
def endpoint() -> ScriptedEndpoint:
    return ScriptedEndpoint()


@pytest.fixture
def script(endpoint: ScriptedEndpoint) -> Script:
    return endpoint.script


@pytest.fixture
def writing(new_world: NewWorld, endpoint: ScriptedEndpoint) -> World:
    """A world with a model in it."""
    return new_world(endpoint=endpoint, llm=Settings(model="scripted", tries=1))
