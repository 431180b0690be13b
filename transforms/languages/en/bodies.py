"""English names of organizations, streets and newspapers that contain a place's name."""

import re

from transforms.languages.base import BodyWords, words

BODIES = BodyWords(
    local=words(
        "residence residents man woman teen police sheriff sheriffs county parish fire department dept school"
        " schools district hospital court courts city council university college academy institute board commission"
        " authority airport station library museum theatre theater church cathedral chamber township town village"
        " borough mayor center centre office jail prison highway patrol state regional community park zoo public"
        " general national high middle elementary medical health memorial assembly senate house legislature supreme"
        " superior circuit division agency service services bureau ministry government parliament embassy consulate"
        " army navy force forces guard association society club league federation union foundation alliance democrat"
        " democrats republican republicans rescue ambulance paramedic water power electric utilities transit port"
        " harbor harbour railway symphony orchestra festival film fair international historical district's municipal"
        " economic development attorney county's planning zoning cricket football rugby united baseball fc rangers"
        " arena stadium speedway racecourse raceway mall hotel inn golf"
    ),
    certain=words("republican democrat police sheriff sheriffs county city mayor fire government"),
    state=words(
        "government ministry minister parliament army navy police force forces senate congress embassy consulate"
        " council court president presidency cabinet foreign defence defense interior finance state federal military"
        " armed air national supreme central security intelligence troops coast border observatory red human"
    ),
    papers=words(
        "times post herald tribune journal star gazette chronicle globe mirror telegraph mail sun observer courier"
        " inquirer examiner dispatch sentinel standard bulletin ledger reporter"
    ),
    streets=words(
        "street st road rd avenue ave boulevard blvd lane ln drive dr way court ct circle terrace highway hwy"
        " parkway pkwy pike turnpike freeway expressway motorway trail crescent close row interstate route"
    ),
    given_names=words(
        "chad georgia jordan paris sydney florence israel virginia carolina chelsea austin charlotte dakota madison"
        " savannah victoria alexandria adelaide brooklyn india kenya kingston lincoln milan phoenix preston santiago"
        " tyler vienna verona geneva asia ireland jamaica london odessa regina sofia bristol trenton logan clinton"
        " denver devon kent lance troy warren wayne shelby jackson houston dallas carson hamilton cleveland orlando"
        " salvador roman valencia catalina lourdes francisco cuba malaysia america melbourne christian nelson"
        " marshall marion elgin francis abilene eugene lorraine alma angelina cheyenne bethany martin montana nevada"
        " tennessee"
    ),
    of=frozenset({"of", "in", "at", "de", "for"}),
    leading=frozenset(
        {"the", "north", "south", "east", "west", "northern", "southern", "eastern", "western", "central"}
        | {"northeast", "northwest", "southeast", "southwest", "greater", "metro", "metropolitan", "downtown", "upper"}
    ),
    not_after=re.compile(r"\s(?:Wars?|Fever|Cup|Airlines|Virus|Bowl|Open)\b"),
    seat=re.compile(r"\b(?:University|College|City|Bank|Port|Diocese|Archdiocese|Bishop|District|School|Town) of\s$"),
    organization=re.compile(r"\s(?:County|Police|Sheriff|Hospital|University|Department|Court|Council|Airport)\b"),
)
