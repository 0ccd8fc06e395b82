# Writes OUTPUT: the dump that schema/dump.h declares.
include(${CMAKE_CURRENT_LIST_DIR}/literal.cmake)
literal_of(${DUMP} literal)
file(WRITE ${OUTPUT} "#include \"schema/dump.h\"\n\nnamespace mayfly::schema {\nstd::string_view Dump() {\n  return\n${literal};\n}\n}  // namespace mayfly::schema\n")
