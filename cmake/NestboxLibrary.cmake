# nestbox_library(FOLDER [PIXELS] SOURCES ... [LOWER ...] [THIRD_PARTY ...] [PUBLIC_THIRD_PARTY ...])
#
# One folder of the house as one static library, nestbox::FOLDER. LOWER names folders of lower floors;
# THIRD_PARTY stays out of the folder's public headers, PUBLIC_THIRD_PARTY is in them. PIXELS: it works on whole pictures,
# and is optimised with sanitizers too, where all else is compiled as quickly as possible.
function(nestbox_library folder)
  cmake_parse_arguments(arg "PIXELS" "" "SOURCES;LOWER;THIRD_PARTY;PUBLIC_THIRD_PARTY" ${ARGN})
  add_library(nestbox_${folder} STATIC ${arg_SOURCES})
  add_library(nestbox::${folder} ALIAS nestbox_${folder})
  target_include_directories(nestbox_${folder}
    PUBLIC "${CMAKE_SOURCE_DIR}/include"
    PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  if(arg_PIXELS AND NESTBOX_SANITIZE)
    target_compile_options(nestbox_${folder} PRIVATE -O1)
  endif()
  list(TRANSFORM arg_LOWER PREPEND nestbox::)
  target_link_libraries(nestbox_${folder}
    PUBLIC ${arg_LOWER} ${arg_PUBLIC_THIRD_PARTY}
    PRIVATE nestbox_flags ${arg_THIRD_PARTY})
endfunction()
