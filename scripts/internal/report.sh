# What scripts/test says at its end; sourced by it. A log that keeps only its end
# still has to tell which tests failed and why.

# Prints the tests that failed according to a log of ctest, each with the last lines
# of its output; the outputs of more than ten would hide the names.
failed_tests() { # failed_tests LOG
  awk -v lines_max=15 -v outputs_max=10 '
    /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
      test = $0
      sub(/^[^#]*#/, "", test)
      sub(/:.*/, "", test)
      next
    }
    /^ +Start +[0-9]+: / || /^[0-9]+% tests passed/ { test = "" }
    test != "" && NF > 0 { output[test, ++lines[test]] = $0 }
    /^The following tests FAILED:/ { listing = 1; next }
    listing && /^[ \t]+[0-9]+ - / {
      name = $0
      sub(/^[ \t]+[0-9]+ - /, "", name)
      print "  " name
      if (++shown > outputs_max) next
      first = lines[$1] > lines_max ? lines[$1] - lines_max + 1 : 1
      for (i = first; i <= lines[$1]; ++i) print "    | " output[$1, i]
    }' "$1"
}

# Prints the first lines in which a compiler, linker or checker complained, or else
# the last lines of its log.
complaints() { # complaints LOG
  { grep -aE '(error|warning|undefined reference|FAILED|ninja):? ' "$1" || tail -n 15 "$1"; } |
    sed -n '1,15s/^/    | /p'
}
