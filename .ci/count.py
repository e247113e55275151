"""Sum the JUnit reports of a folder and print one line: N passed, N failed."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

passed = failed = 0
for report in Path(sys.argv[1]).glob("*.xml"):
    for suite in ET.parse(report).getroot().iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += bad
        passed += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
print(f"{passed} passed, {failed} failed")
