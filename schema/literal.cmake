# The text of a file as a C++ literal. String literals have a length limit of 64 KiB in the standard;
# pieces are joined by the compiler.
function(literal_of path variable)
  file(READ ${path} body)
  string(LENGTH "${body}" length)
  set(at 0)
  set(literal "")
  while(at LESS length)
    string(SUBSTRING "${body}" ${at} 8000 piece)
    string(APPEND literal "R\"MAYFLYSQL(${piece})MAYFLYSQL\"\n")
    math(EXPR at "${at} + 8000")
  endwhile()
  set(${variable} "${literal}" PARENT_SCOPE)
endfunction()
