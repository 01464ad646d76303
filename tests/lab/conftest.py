"""A JupyterLab for the tests of this folder."""

import pytest


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab for all tests that need one: the folder it serves, and its URL."""
    from lab_tools import lab_server

    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder) as url:
        yield folder, url
