"""Programs for a small LiveCodeBench problem of each kind: (tests as (input, output), function or None, programs)."""

READING = [("1 2\n3\n", "3\n3\n"), ("4 5\n1\n", "9\n1\n"), ("10 -3\n7\n", "7\n7\n")]
CALLED = [("[1, 2]\n3", "[3, 6]"), ("[]\n1", "[]"), ("[5]\n0", "[0]")]
ADD = "a,b=map(int,input().split())\n"

READS = [
    ADD + "print(a+b)\nprint(int(input()))",
    "import sys\nd=sys.stdin.read().split()\nprint(int(d[0])+int(d[1]))\nprint(d[2])",
    "import sys\nl=sys.stdin.readlines()\na,b=map(int,l[0].split())\nprint(a+b)\nprint(l[1].strip())",
    "import sys\ninput=sys.stdin.readline\n" + ADD + "print(a+b)\nprint(input())",
    "def solve():\n    " + ADD + "    print(a+b, input(), sep='\\n')\nif __name__=='__main__':\n    solve()",
    "def main():\n    a,b=map(int,input().split())\n    print(float(a+b)); print(input())\nmain()",
    ADD + "print(a+b+1)\nprint(input())",
    ADD + "print(a+b, int(input()))",
    "from math import *\n" + ADD + "print(a+b)\nprint(int(input()))\nexit()",
    "import sys\n" + ADD + "print(a+b)\nprint(int(input()))\nsys.exit(0)",
    "quit()",
    "raise ValueError",
    "while True: pass",
    "print(3);print(3)",
    "import os\nos._exit(0)",
    "",
    "def f(:",
    "x=1\n",
    ADD + "s=deque([a,b])\nprint(sum(s))\nprint(Counter([int(input())]).most_common(1)[0][0])",
    "import numpy as np\na=np.array(list(map(int,input().split())))\nprint(a.sum())\nprint(input())",
    "from functools import lru_cache\n@lru_cache(None)\ndef g(n): return 0 if n==0 else g(n-1)\ng(3000)\n"
    + ADD
    + "print(a+b)\nprint(input())",
    "def rec(n):\n    return 0 if n==0 else 1+rec(n-1)\nrec(20000)\n" + ADD + "print(a+b)\nprint(input())",
    ADD + "print('  %d  '%(a+b))\nprint(input()+'\\n\\n')",
    "n = 0\ndef add(k):\n    global n\n    n += k\n" + ADD + "add(a)\nadd(b)\nprint(n)\nprint(input())",
    "try:\n    while True:\n        l=input().split()\n        print(sum(map(int,l)))\nexcept EOFError:\n    pass",
]
METHOD = "class Solution:\n    def scale(self, a, k):\n        "
CALLS = [
    "class Solution:\n    def scale(self, a: List[int], k: int) -> List[int]:\n        return [k*x for x in a]",
    METHOD + "return tuple(k*x for x in a)",
    "def scale(a,k): return [k*x for x in a]",
    METHOD + "return [k*x for x in a]+[0]",
    METHOD + "return [float(k*x) for x in a]",
    METHOD + "print('x'); return [k*x for x in a]",
    METHOD + "while True: pass",
    "class Solution:\n    def scale(self, a):\n        return a",
    "class Solution:\n    pass",
    METHOD + "return None",
    METHOD + "return list(accumulate(a)) and [k*x for x in a]",
    "import numpy as np\n" + METHOD + "return (np.array(a)*k).tolist()",
    METHOD + "sys.exit(0)",
    "x = Solution()\nclass Solution:\n    def scale(self,a,k): return a",
]
PROBLEMS = ((READING, None, READS), (CALLED, "scale", CALLS))
