# What headers.cmake and fails.cmake have in common: ${compile}, the compiler with its options; ${precompiled}, where the
# library's headers are once they are compiled; and ${with_headers}, the options that take them from there.
string(REPLACE "|" ";" includes "${INCLUDES}")
list(REMOVE_ITEM includes "")
list(TRANSFORM includes PREPEND -I)
set(compile ${COMPILER} -std=c++20 -Wall -Wextra -Werror ${includes})
if(COMPILER_ID STREQUAL "GNU")
    set(precompiled ${HEADERS}.gch)
    set(with_headers -Winvalid-pch -include ${HEADERS})
else()
    set(precompiled ${HEADERS}.pch)
    set(with_headers -include-pch ${precompiled})
endif()
